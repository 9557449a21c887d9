# The labels come to the Pod that runs, and programs in it do the asking.
cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      runAsNonRoot: true
      runAsUser: 1000
      seccompProfile:
        type: RuntimeDefault
      capabilities:
        drop: [ALL]
    volumeMounts:
    - name: tmp
      mountPath: /tmp
    resources:
      requests:
        cpu: 50m
        memory: 32Mi
      limits:
        memory: 64Mi
    livenessProbe:
      exec:
        command: [wget, -q, -O, /dev/null, http://localhost:8080/healthz]
      periodSeconds: 2
    readinessProbe:
      exec:
        command: [wget, -q, -O, /dev/null, http://localhost:8080/ready]
      periodSeconds: 2
  volumes:
  - name: tmp
    emptyDir: {}
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
kubectl label pod shop app=shop team=garden
