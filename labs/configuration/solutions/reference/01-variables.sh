kubectl create configmap settings --from-literal=greeting='{{params.greeting}}'
kubectl get configmap settings -o yaml
kubectl create secret generic login --from-literal=pin={{params.pin}}
kubectl get secret login -o yaml
kubectl get secret login -o jsonpath='{.data.pin}' | base64 -d; echo
cat > web.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: MESSAGE
      valueFrom:
        configMapKeyRef:
          name: settings
          key: greeting
    - name: PIN
      valueFrom:
        secretKeyRef:
          name: login
          key: pin
END
kubectl apply -f web.yaml
kubectl wait --for=condition=Ready pod/web --timeout=60s
kubectl exec web -- wget -qO- http://localhost:8080
