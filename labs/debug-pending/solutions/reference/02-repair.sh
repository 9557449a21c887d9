cat > ash.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: ash
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 100m
END
kubectl delete pod ash --now
kubectl apply -f ash.yaml
kubectl get nodes --show-labels
cat > birch.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: birch
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
END
kubectl delete pod birch --now
kubectl apply -f birch.yaml
kubectl get pvc
cat > claim.yaml <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: 10Mi
END
kubectl apply -f claim.yaml
kubectl wait --for=condition=Ready pod/cedar --timeout=60s
kubectl get pvc
